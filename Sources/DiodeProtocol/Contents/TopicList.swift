/// The topics at the head of a live content (WIRE §6.1).
enum TopicList {
    /// Up to so many topics are compared in pairs, which is faster than to make a dictionary.
    private static let fewTopics = 8

    /// Reads count, lengths and names; each is a valid topic name and none stands twice (W-28).
    static func read(_ reader: inout ContentReader) throws(ContentError) -> [Range<Int>] {
        let ranges = try readNames(&reader)
        if ranges.count > fewTopics {
            var names = TopicDictionary()
            for index in ranges.indices where !names.insert(reader.bytes.extracting(ranges[index])).isNew {
                throw .topicTwice(index)
            }
        } else {
            for index in ranges.indices {
                let name = reader.bytes.extracting(ranges[index])
                for earlier in ranges[..<index] where reader.bytes.extracting(earlier).isEqual(to: name) {
                    throw .topicTwice(index)
                }
            }
        }
        return ranges
    }

    /// Reads count, lengths and names; each is a valid topic name.
    static func readNames(_ reader: inout ContentReader) throws(ContentError) -> [Range<Int>] {
        // A topic is at least a length and one byte.
        let count = try reader.count(minimumBytes: 2)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(min(count, 1_024))
        for index in 0..<count {
            let range = try reader.lengthPrefixed()
            guard UTF8Text.isTopicName(reader.bytes.extracting(range)) else { throw .topicInvalid(index) }
            ranges.append(range)
        }
        return ranges
    }
}
