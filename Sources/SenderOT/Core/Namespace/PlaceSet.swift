/// A set of places of a table: one bit each, so that inserting a place that is in already costs a bit test.
///
/// A place below 0, which only a damaged database names, is in no set. Memory: a bit for each place up to the highest that was ever in.
struct PlaceSet {
    private var words: [UInt64] = []

    func contains(_ place: Int) -> Bool {
        place >= 0 && place >> 6 < words.count && words[place >> 6] & Self.bit(place) != 0
    }

    /// - Parameter place: at least 0: a place of the table, which bounds the memory.
    /// - Returns: false if the place was in already.
    mutating func insert(_ place: Int) -> Bool {
        precondition(place >= 0, "a table has no places below 0")
        while place >> 6 >= words.count { words.append(0) }
        guard words[place >> 6] & Self.bit(place) == 0 else { return false }
        words[place >> 6] |= Self.bit(place)
        return true
    }

    mutating func remove(_ place: Int) {
        if contains(place) { words[place >> 6] &= ~Self.bit(place) }
    }

    private static func bit(_ place: Int) -> UInt64 { 1 << UInt64(place & 63) }
}
