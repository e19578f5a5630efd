// Emission: the only code that writes to the link. Nothing here, or below it, can read from one.
//
//   TransmissionQueue ─▶ EmissionLoop: encode, pace ─▶ LinkPaths ─▶ diode
//
//   TransmissionQueue.swift — what waits for the emitter, bounded
//   FrameEmitter.swift — the thread that encodes, paces and emits
//   EmissionLoop.swift — the state and the loop of that thread
//   LinkPaths.swift — where frames leave: one path or several
