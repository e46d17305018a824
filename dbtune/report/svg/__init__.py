"""Charts of a page as markup to inline: SVG, and lists with SVG in them, without a script.

Looked for a library first; none draws what a page under a strict policy (no style attribute, no
style element, no script) can take over and colour by its own variables:

- pygal (LGPL, 1.3 MB) writes a style sheet and a script into each chart and sets pixels itself;
- leather (MIT, 0.4 MB) writes colours as attributes, has no name for a screen reader, and its text
  shrinks with the drawing on a narrow screen;
- svgwrite is declared inactive by its author; drawsvg, like it, only writes elements, which htpy
  does here with types and escaping;
- for the layers of the schema map, grandalf (GPL or EPL, "for experimentations") would need
  pyparsing, and networkx (3 MB) has no layered layout.

How they fit every width without a script: places across are percentages and heights are pixels,
so that text keeps its size from 360 to 1600 px; labels are placed so that they fit the narrowest.
What is text first is a list drawn by the style sheet (plans, legends): it wraps, and 500 plans stay
small. Only the schema map has a width of its own, for the box around it to scroll.

A chart shows no title: who draws the page writes title and summary beside it. Every `<svg>` has
the role and name of an image: the chart's title and summary, or of one row of bars, its label and
values. Keys of a legend have neither, and are hidden from who hears the page.
Colours are classes of charts.css, and those the variables that the page defines:
--ink --muted --line --panel --accent --good --bad --warning --before --after --series-1 to -6.
"""
