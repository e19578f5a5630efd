// Fixtures: audits to judge.
//
//   AuditSamples.swift — sound accounts with as many gaps as asked for
