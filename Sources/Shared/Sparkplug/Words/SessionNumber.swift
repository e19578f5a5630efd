/// `bdSeq`: which of an edge node's connections a birth or death belongs to, 0…255 and then 0 again.
enum SessionNumber {
    /// Whether a number stands less than half a turn before another.
    static func isEarlier(_ number: UInt8, than other: UInt8) -> Bool { 1..<128 ~= other &- number }
}
