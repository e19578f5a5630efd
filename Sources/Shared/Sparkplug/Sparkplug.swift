// Sparkplug: what a Sparkplug B 3.0 message is, for both sides of a diode. No I/O, no clock.
//
//   OT side   plant's message ─▶ StateFold ─▶ NodeFold ─▶ MetricTable ─▶ folded birth: a state record of the link
//                                    └──────▶ NCMD: who is incomplete is asked for a rebirth, in the plant
//   IT side   record, state   ─▶ EdgeNodeProxy ─▶ EdgeNodeSession ─▶ MetricTable
//             NCMD, STATE     ─▶      │                 └─▶ BirthComposer, DataRewriter ─▶ publish
//                                     └─▶ connect, disconnect, answer
//
//   Words/ — the terms of Sparkplug as types: topics, edge nodes, sessions, faults, limits
//   Payloads/ — protobuf messages, read in place and merged metric by metric
//   Folding/ — the sender's side: the birth that each edge node would publish now
//   Proxying/ — the receiver's side: plays the plant's edge nodes towards hosts
//   ReportJSON.swift — what both sides report, in a status
