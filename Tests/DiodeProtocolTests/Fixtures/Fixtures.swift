// Fixtures: the golden vectors as values.
//
//   VectorFile.swift — the JSON files in Vectors, and the numbers in them
//   BrokenRules.swift — which rule of WIRE.md each error names
//   LiveReading.swift — a live content as values, read and written again
//   TransmissionVector.swift — all values between a block and its frames
