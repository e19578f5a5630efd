/// The topics at the head of a content (WIRE §6.1, §6.2).
enum TopicList {
    /// Reads count, lengths and names; each is a valid topic name and none stands twice (W-28).
    static func read(_ reader: inout ContentReader) throws(ContentError) -> [Range<Int>] {
        // A topic is at least a length and one byte.
        let count = try reader.count(minimumBytes: 2)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(count)
        var names = TopicDictionary()
        for index in 0..<count {
            let range = try reader.lengthPrefixed()
            let name = reader.bytes.extracting(range)
            guard UTF8Text.isTopicName(name) else { throw .topicInvalid(index) }
            guard names.insert(name).isNew else { throw .topicTwice(index) }
            ranges.append(range)
        }
        return ranges
    }
}
