"""From numbers, tables and figures to the paper; and from a run to the published one."""
