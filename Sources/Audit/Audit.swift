// Audit: what `diode-recv --audit` says, as values, and the four forms in which people and programs read it. No I/O, no
// clock: whoever has read the database fills in the values.
//
//   LinkAudit … ─▶ AuditReport ─▶ AuditVerdict: exit code, findings
//        ▲              ├─▶ JSON, for programs (the contract)      ├─▶ CSV, for spreadsheets
//   AuditPeriod         └─▶ table, for a terminal                  └─▶ HTML, one page that an auditor keeps
//
//   1. AuditTotals.swift — the double entry of a link, and of one epoch of it
//   2. AuditGap.swift — a gap, and the topics of missing records
//   3. AuditLoss.swift — losses, intervals nobody observed, actions
//   4. LinkAudit.swift — everything about one link
//   5. AuditReport.swift — everything about one receiver
//   6. AuditVerdict.swift — what is wrong, and the exit code that it makes
//   7. AuditJSON.swift — the report as JSON
//   8. CalendarDay.swift — dates, and RFC 3339 times with any offset
//   9. TimeZoneRule.swift — a time zone: an offset, or a TZif file
//  10. TimeZoneFooter.swift — the rule of a TZif file for all years after its table
//  11. AuditPeriod.swift — from when until when
//  12. AuditBalance.swift — the account at an instant, as the ledger keeps it
//  13. PeriodStatement.swift — opening balance, what happened, closing balance
//  14. TopicLosses.swift — topics by what they lost
//  15. ShownText.swift — numbers, times and foreign text for people
//  16. AuditAccount.swift — account and proof in the words of table and page
//  17. AuditTable.swift — the report for a terminal
//  18. TableLines.swift — lines and columns that fit a width
//  19. AuditCSV.swift — the report for a spreadsheet
//  20. GapTimeline.swift — gaps over time, clustered, as SVG
//  21. AuditPage.swift — the report as one HTML page
//  22. PageSections.swift — one link's part of the page
//  23. PageTable.swift — a table of the page
//  24. PageStyle.swift — how the page looks
