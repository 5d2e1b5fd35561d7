"""One module per metadata function, or per few that belong together; found by being here."""

from __future__ import annotations
