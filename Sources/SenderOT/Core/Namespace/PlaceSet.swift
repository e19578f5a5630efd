/// A set of places of a table: one bit each, so that inserting a place that is in already costs a bit test.
///
/// Memory: an eighth of a byte for each place up to the highest that was ever in.
struct PlaceSet {
    private var words: [UInt64] = []

    func contains(_ place: Int) -> Bool {
        place >> 6 < words.count && words[place >> 6] & Self.bit(place) != 0
    }

    /// - Returns: false if the place was in already.
    mutating func insert(_ place: Int) -> Bool {
        while place >> 6 >= words.count { words.append(0) }
        guard words[place >> 6] & Self.bit(place) == 0 else { return false }
        words[place >> 6] |= Self.bit(place)
        return true
    }

    mutating func remove(_ place: Int) {
        if place >> 6 < words.count { words[place >> 6] &= ~Self.bit(place) }
    }

    private static func bit(_ place: Int) -> UInt64 { 1 << UInt64(place & 63) }
}
