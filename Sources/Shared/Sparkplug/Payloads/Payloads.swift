// Payloads: Sparkplug's protobuf messages, read in place and merged metric by metric. Unknown fields are kept.
//
//   FieldReader.swift — the fields of a protobuf message, every length checked
//   FieldWriter.swift — writes the fields of a protobuf message
//   PayloadSchema.swift — whether bytes are a payload, down to the last property
//   Payload.swift — a payload that was checked: its metrics, seq, timestamp
//   MetricView.swift — what a metric says of itself
//   MessageBytes.swift — a part of a message, by its place
//   MetricParts.swift — a metric of a birth, set by metrics of data
//   TemplateParts.swift — a template, set by some of its members
//   PropertyParts.swift — a property set, set by some of its keys
//   MetricUpdates.swift — what data has said of a metric and is not merged yet
//   MetricTable.swift — the metrics of a node or device: a birth, and what data has set since
