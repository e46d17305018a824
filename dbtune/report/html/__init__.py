"""Pages as HTML: one file that needs nothing from outside and lets nothing in.

Elements are htpy's: typed Python calls that escape every text by themselves. Jinja would bring
templates that mypy does not read and that split into functions poorly; plain strings would leave
escaping to the care of each line.
"""
