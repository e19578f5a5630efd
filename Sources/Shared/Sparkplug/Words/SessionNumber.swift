/// `bdSeq`: which of an edge node's connections a birth or death belongs to, 0…255 and then 0 again.
enum SessionNumber {
    /// Whether a death ends the session of a birth: it has the birth's number, or the next one, which pysparkplug says when it leaves by
    /// itself (0.6). Any other death is of another session, and a host must ignore it (`tck-id-payloads-ndeath-bdseq`).
    static func ends(_ death: UInt8, _ birth: UInt8) -> Bool { death == birth || death == birth &+ 1 }
}
