// Attribution: which topics' records the gaps of a link swallowed, and how surely that is known (ADR 0026).
//
//   VersionJump.swift — records of one topic that are missing between two that are known
//   GapOrder.swift — gaps in the order of their records
//   AbsentRecords.swift — how many records are lost, may still come, or are one of both
//   TopicCount.swift — how many records of a topic, exactly or at most
//   GapAttribution.swift — jumps against gaps: what each gap names, and what each topic comes to
