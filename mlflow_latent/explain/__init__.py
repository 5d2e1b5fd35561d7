"""What a model looks at: heat-maps by sample, layer and target, each with how far to believe it."""

from __future__ import annotations
