// Periods: from when until when an audit reaches, in which time zone, and the account at both ends.
//
//   CalendarDay.swift — dates, and RFC 3339 times with any offset
//   TimeZoneRule.swift — a time zone: an offset, or a TZif file
//   TimeZoneFooter.swift — the rule of a TZif file for all years after its table
//   AuditPeriod.swift — the interval that an audit is about
//   PeriodStatement.swift — opening balance, what happened, closing balance
//   TopicLosses.swift — topics, ordered by how many records each lost
