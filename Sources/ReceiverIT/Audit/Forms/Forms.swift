// Forms: the report in its four forms: JSON, a table, CSV and an HTML page.
//
//   AuditWords.swift — what states, causes and reasons are called in all of them
//   AuditJSON.swift — the report as JSON
//   ShownText.swift — numbers, times and foreign text for people
//   AuditGlossary.swift — what exit codes, epochs and gaps are, in plain words
//   AuditAccount.swift — account and proof in the words of table and page
//   LinkSummary.swift — one line a link, the worst first
//   AuditTable.swift — the report for a terminal
//   TableLines.swift — lines and columns that fit a width
//   AuditCSV.swift — the report for a spreadsheet
//   GapTimeline.swift — gaps over time, clustered, as SVG
//   AuditPage.swift — the report as one HTML page
//   PageSections.swift — one link's part of the page
//   PageTable.swift — a table of the page
//   PageStyle.swift — how the page looks
