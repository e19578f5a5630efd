// JSON: values that people and programs exchange as text. Configuration files are JSON5; what the daemons answer on
// their control socket, in status and in audits is JSON.
//
//   text ─▶ JSON5Reader ─▶ JSON5Document: JSONValue + where each value stands        JSONValue ─▶ JSONText ─▶ text
//
//   JSONValue.swift — a value: null, flag, number, text, array or object
//   JSONText.swift — a value as JSON text
//   JSON5Document.swift — what was read, with the place of each value
//   JSON5Reader.swift — reads JSON5 strictly: bounded, no key twice, the place of every fault
//   JSON5Scanner.swift — reads the tokens: space, comments, names, strings, numbers
