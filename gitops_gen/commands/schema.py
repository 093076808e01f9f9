"""`schema`: JSON Schemas of the hand-written files for editors, with the chart's own schema under `values`."""

from gitops_gen.project.schemas import KINDS, chart_schema, schema

__all__ = ["KINDS", "chart_schema", "schema"]
