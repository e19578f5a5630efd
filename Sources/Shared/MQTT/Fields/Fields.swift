// Fields: the parts that packets consist of. Reading checks every length; writing appends to bytes.
//
//   CodecError.swift — why bytes are not a packet
//   ByteReader.swift — takes fields off a span
//   ByteWriter.swift — appends fields to bytes
//   UTF8Rules.swift — strings and topic names
//   PropertyID.swift — the properties of MQTT 5
//   PropertyReader.swift — reads and validates property lists
//   PropertyWriter.swift — builds property lists
