// Periods: from when until when an audit reaches, in which time zone, and the account at both ends.
//
//   CalendarDay.swift — dates, and RFC 3339 times with any offset
//   TimeZoneRule.swift — a time zone: an offset, or a TZif file
//   TimeZoneFooter.swift — the rule of a TZif file for all years after its table
//   AuditPeriod.swift — from when until when
//   AuditBalance.swift — the account at an instant, as the ledger keeps it
//   PeriodStatement.swift — opening balance, what happened, closing balance
//   TopicLosses.swift — topics by what they lost
