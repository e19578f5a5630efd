// Hearing: whether the paired sender is heard, and how late. Only beats count.
//
//   beat ─▶ BeatIntake: newest epoch? newer? ──▶ LinkWatch ◀── BeatLag
//
//   BeatIntake.swift — the beat channel: what the sender says about itself
//   BeatLag.swift — how late beats come, by the monotonic clocks of both sides
//   KeyIntake.swift — which key speaks for the link, and the statements by which it changes
//   LeaseWatch.swift — which of a link's senders speaks for it
//   LinkWatch.swift — the newest beat, silence, lag: what of it the link is judged by
//   PathWatch.swift — which path of a link brings what
//   RejectionWatch.swift — what comes instead of beats, and is refused
//   RefusedStatement.swift — what was signed and is refused all the same, in words
//   RivalWatch.swift — finds a second sender that has the same key and another epoch
