"""The few styles of terminal output, and none of them where colour is not wanted."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.advice import Severity

# https://www.ecma-international.org/publications-and-standards/standards/ecma-48/ section 8.3.117;
# the basic colours only, since they follow the terminal's own theme, light or dark.
_BOLD, _DIM, _RED, _GREEN, _YELLOW, _BLUE, _CYAN = "1", "2", "31", "32", "33", "34", "36"
_SEVERITY = {"high": f"{_BOLD};{_RED}", "medium": f"{_BOLD};{_YELLOW}", "low": f"{_BOLD};{_BLUE}"}


@dataclass(frozen=True)
class Colors:
    """Puts styles around text; without `enabled` the text stays as it is."""

    enabled: bool

    def bold(self, text: str) -> str:
        """What the eye should find first."""
        return self._styled(text, _BOLD)

    def dim(self, text: str) -> str:
        """What is there for reference."""
        return self._styled(text, _DIM)

    def good(self, text: str) -> str:
        """A gain."""
        return self._styled(text, f"{_BOLD};{_GREEN}")

    def command(self, text: str) -> str:
        """Something to copy and run."""
        return self._styled(text, _CYAN)

    def severity(self, severity: Severity, text: str) -> str:
        """A heading in the colour of its severity."""
        return self._styled(text, _SEVERITY.get(severity, _BOLD))

    def _styled(self, text: str, codes: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self.enabled and text else text
