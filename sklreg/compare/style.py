"""The style sheet of the report, inside every page."""

STYLE = """\
:root { color-scheme: light;
  --ink: #1f2933; --soft: #5b6773; --line: #d9dee4; --ours: #eaf3fa; }
* { box-sizing: border-box; }
body { margin: 0; background: #f4f5f7; color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
main { max-width: 1080px; min-height: 100vh; margin: 0 auto; padding: 2.5rem 2rem 4rem;
  background: #fff; }
header { border-bottom: 3px solid #0072b2; margin-bottom: 1.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
header p { margin: .3rem 0 .9rem; color: var(--soft); }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; }
section > p { max-width: 46rem; }
dl { margin: 1rem 0; font-size: .92rem; }
dl div { display: grid; grid-template-columns: 7rem 1fr; gap: .2rem 1rem;
  padding: .12rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: .34rem .6rem; text-align: right; white-space: nowrap; }
th { vertical-align: bottom; white-space: normal; color: var(--soft); font-weight: 600;
  border-bottom: 2px solid var(--ink); }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; }
tbody { border-bottom: 1px solid var(--line); }
tr.sklreg { background: var(--ours); font-weight: 600; }
tr.baseline { color: var(--soft); }
img { display: block; width: 100%; height: auto; }
.note { font-size: .92rem; color: var(--soft); }
@media print {
  body { background: #fff; font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  section { break-inside: avoid; }
  tr.sklreg { print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  @page { margin: 15mm; }
}
"""
