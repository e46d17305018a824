// Comfort only: without a script everything is here, in the order it was given.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const make = (tag, text, parent) => {
    const element = parent.appendChild(document.createElement(tag));
    element.textContent = text;
    return element;
  };
  const byText = new Intl.Collator("en", { numeric: true });

  // Commands get a button. A page from disk may not reach the clipboard, but may copy a selection.
  const copy = async (code) => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand("copy");
    }
  };
  for (const pre of all("pre.copy")) {
    const button = make("button", "Copy", pre);
    button.type = "button";
    button.addEventListener("click", async () => {
      await copy(pre.querySelector("code"));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }

  // Tables are sorted by data-v where a cell has one, and cells without a value stay last.
  const valueOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : byText.compare(a, b);
  const sortTable = (table, heading) => {
    const column = heading.cellIndex;
    const body = table.tBodies[0];
    // Of numbers one first wants the largest.
    const first = heading.className === "n" ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = heading.ariaSort === first ? other : first;
    const sign = order === "ascending" ? 1 : -1;
    const keyed = [...body.rows].map((row) => [valueOf(row, column), row]);
    const isEmpty = (key) => key === "" || key === "-";
    keyed.sort(([a], [b]) => isEmpty(a) - isEmpty(b) || sign * compare(a, b));
    body.append(...keyed.map(([, row]) => row));
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    heading.ariaSort = order;
  };
  for (const table of all("table")) {
    if (table.tBodies[0].rows.length < 3) continue;
    for (const heading of table.tHead.rows[0].cells) {
      if (!heading.textContent) continue;
      const text = heading.textContent;
      heading.textContent = "";
      make("button", text, heading).type = "button";
      heading.firstChild.addEventListener("click", () => sortTable(table, heading));
    }
  }

  // Findings: how many a filter leaves, and an order other than the given one.
  const severities = ["s-high", "s-medium", "s-low", "s-info"];
  const orders = {
    "as listed": () => 0,
    severity: (card) => severities.findIndex((severity) => card.classList.contains(severity)),
    kind: (card) => card.querySelector(".code").textContent,
    subject: (card) => card.querySelector(".subject").textContent,
  };
  for (const findings of all(".findings:has(.filter)")) {
    const filter = findings.querySelector(".filter");
    const cards = findings.querySelector(".cards");
    const listed = [...cards.children];
    const label = make("label", "", filter);
    make("span", "Order", label);
    const select = make("select", "", label);
    Object.keys(orders).forEach((name) => make("option", name, select));
    const output = make("output", "", filter);
    filter.addEventListener("change", () => {
      const key = orders[select.value];
      cards.append(...[...listed].sort((a, b) => compare(key(a), key(b))));
      const shown = listed.filter((card) => card.checkVisibility()).length;
      output.textContent = `${shown} of ${listed.length} shown`;
    });
  }

  // All that is closed at once, to read from end to end or to print.
  const closed = () => all("#sections details:not([open])");
  if (closed().length > 1) {
    const button = make("button", "Open all", document.querySelector("nav"));
    button.type = "button";
    button.addEventListener("click", () => {
      const open = closed().length > 0;
      for (const part of all("#sections details")) part.open = open;
      button.textContent = open ? "Close all" : "Open all";
    });
  }

  // A link to what is closed opens it, and what a filter hides shows again.
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    for (let part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") part.open = true;
    }
    all(":scope.brief > details", target ?? document).forEach((line) => (line.open = true));
    if (target?.matches(".card") && !target.checkVisibility()) {
      all(".filter :is([value=all], option[value=''])", target.closest(".findings")).forEach(
        (choice) => (choice[choice.tagName === "OPTION" ? "selected" : "checked"] = true),
      );
    }
    target?.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
