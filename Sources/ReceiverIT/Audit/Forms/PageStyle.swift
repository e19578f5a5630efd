/// How the page looks: light and dark by the reader's setting, always light on paper.
enum PageStyle {
    static let css = """
        :root { --page: #f6f7f8; --card: #fff; --ink: #1b2024; --soft: #59636b; --line: #d9dee2; --good: #1f7a4d; --open: #b45309;
          --bad: #b3261e; --healed: #5b8fb9; --none: #7d6aa8; }
        @media (prefers-color-scheme: dark) { :root { --page: #14181b; --card: #1c2226; --ink: #e6eaed; --soft: #9aa6ae;
          --line: #343c42; --good: #5cc08d; --open: #f0a04b; --bad: #f2877f; --healed: #7db2dc; --none: #ac9bd6; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans",
          sans-serif; }
        main, footer { max-width: 1040px; margin: 0 auto; padding: 24px 20px 0; }
        footer { padding-bottom: 32px; color: var(--soft); font-size: 13px; }
        header, section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 18px 22px;
          margin-bottom: 16px; }
        header { border-left: 8px solid var(--good); }
        header.exit3 { border-left-color: var(--open); } header.exit4, header.exit5 { border-left-color: var(--bad); }
        h1 { margin: 0; font-size: 28px; line-height: 1.2; overflow-wrap: anywhere; } h2 { margin: 0 0 10px; font-size: 17px; }
        p { margin: 6px 0; } .kind, .rest { color: var(--soft); } .kind { margin: 0; font-size: 13px; }
        .mono { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 13px; overflow-wrap: anywhere; }
        .verdict { font-size: 17px; } .verdict b { color: var(--good); margin-right: 6px; }
        .exit3 .verdict b { color: var(--open); } .exit4 .verdict b, .exit5 .verdict b, .bad { color: var(--bad); }
        .findings { margin: 8px 0 0; padding: 0; list-style: none; } .findings li { padding: 3px 0; overflow-wrap: anywhere; }
        .findings b { display: inline-block; width: 22px; }
        .sum { display: flex; flex-wrap: wrap; gap: 8px 10px; align-items: baseline; margin: 0 0 12px; }
        .sum i { color: var(--soft); font-style: normal; } .term { color: var(--soft); font-size: 13px; }
        .term b { display: block; color: var(--ink); font-size: 21px; line-height: 1.2; font-variant-numeric: tabular-nums; }
        .term.zero b { color: var(--soft); font-weight: 400; } .term.missing:not(.zero) b { color: var(--open); }
        .term.lost:not(.zero) b, .term.shed:not(.zero) b, .term.dead:not(.zero) b { color: var(--bad); }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; }
        th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12px; }
        th, td { padding: 5px 14px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        tr:last-child td { border-bottom: 0; } td { font-variant-numeric: tabular-nums; }
        .n { text-align: right; } .n, .w { white-space: nowrap; } small { color: var(--soft); font-size: 12px; }
        .topic { overflow-wrap: anywhere; font-size: 13px; } .state { font-weight: 600; } .state.open { color: var(--open); }
        .state.lost { color: var(--bad); } .state.healed { color: var(--healed); }
        .proof td:first-child { white-space: nowrap; color: var(--soft); padding-right: 20px; }
        .timeline { width: 100%; height: auto; display: block; } .timeline text { font: 12px system-ui, "DejaVu Sans", sans-serif; }
        .timeline .lane { fill: var(--ink); font-size: 13px; } .tick { fill: var(--soft); } .rail, .grid { stroke: var(--line); }
        svg .lost { fill: var(--bad); } svg .open { fill: var(--open); } svg .healed { fill: var(--healed); }
        svg .unobserved { fill: var(--none); } .bar { width: 180px; height: 9px; display: block; margin-top: 7px; }
        .code.exit0 { color: var(--good); } .code.exit3 { color: var(--open); } .code.exit4, .code.exit5 { color: var(--bad); }
        .key { color: var(--soft); font-size: 13px; } .key i { display: inline-block; width: 10px; height: 10px; margin: 0 5px 0 12px; }
        .key i:first-child { margin-left: 0; } i.lost { background: var(--bad); } i.open { background: var(--open); }
        i.healed { background: var(--healed); } i.unobserved { background: var(--none); } .ends { display: none; }
        .links { margin: 0; padding: 0; list-style: none; } .links li { display: grid; gap: 12px; padding: 4px 0;
          grid-template-columns: 52px minmax(80px, 180px) 150px 1fr; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        .links li:last-child { border: 0; }
        @media screen and (max-width: 640px) { .links li { display: block; } main, footer { padding: 14px 10px 0; } header, section { padding: 14px; }
          thead { display: none; } table, tbody, tr, td { display: block; width: 100%; } .scroll { overflow: visible; }
          tr { padding: 7px 0; border-bottom: 1px solid var(--line); } tr:last-child { border-bottom: 0; }
          td, td.n, td.w, .proof td:first-child { border: 0; padding: 1px 0; text-align: left; white-space: normal; overflow-wrap: anywhere; }
          td[data-name] { position: relative; padding-left: 108px; min-height: 22px; } td[data-name]:empty { display: none; }
          td[data-name]::before { content: attr(data-name); position: absolute; left: 0; width: 100px; color: var(--soft);
          font-size: 12px; line-height: 21px; } .bar { width: 100%; }
          .timeline text { display: none; } .ends { display: flex; justify-content: space-between; } }
        @media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --good: #1f7a4d; --open: #b45309;
          --bad: #b3261e; --healed: #5b8fb9; --none: #7d6aa8; }
          body { font-size: 10pt; } main, footer { max-width: none; padding: 0; } header, section { border-radius: 0; padding: 8px 0;
          border-width: 0 0 1px; } header { padding-left: 12px; border-left-width: 8px; } tr, .sum, .timeline { break-inside: avoid; }
          h2 { break-after: avoid; } .scroll { overflow: visible; } table { font-size: 8pt; } .topic, small { font-size: 7.5pt; } main + main { break-before: page; }
          header, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        """
}
