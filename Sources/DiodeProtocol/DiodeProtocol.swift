// DiodeProtocol: values and their bytes, as docs/WIRE.md specifies them. No I/O, no clock, no Foundation.
//
//   numbers ─▶ header ─▶ frame ─▶ leaf, path, root, signature         card: the key that signs them
//                          │
//                     packed bytes ─▶ content ─▶ live: records, control items │ snapshot: slices │ beat
//
//   Numbers/ — the numbers of the wire as types, their bounds and their bytes
//   Frames/ — one datagram: header, symbol, and the hash tree whose signed root authenticates both
//   Sealing/ — packed bytes encrypted for one receiver
//   Contents/ — what a live block holds: records and control items
//   Slices/ — what a snapshot block holds: an interval of all topics, in order
//   Beats/ — the heartbeat of a link
//   Keys/ — how one key of a link follows another
//   Documents/ — the files that people carry from side to side: link cards, resend bundles
