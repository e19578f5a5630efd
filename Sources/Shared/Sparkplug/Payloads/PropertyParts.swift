/// A property set taken apart, so that data with some of its keys can set it: the n-th key belongs to the n-th value
/// (`tck-id-payloads-propertyset-keys-array-size`).
struct PropertyParts {
    private static let keys = 1
    private static let values = 2

    private var pairs: [(key: MessageBytes, value: MessageBytes)]
    /// Of two pairs with one key the first.
    private var places: [ArraySlice<UInt8>: Int] = [:]
    private var others: [MessageBytes] = []

    /// - Returns: nil if keys and values do not pair up; such a set stands for itself.
    init?(_ set: MessageBytes) {
        var keys: [MessageBytes] = []
        var values: [MessageBytes] = []
        for field in set.fields {
            switch field.number {
            case Self.keys: keys.append(set.content(field))
            case Self.values: values.append(set.content(field))
            default: others.append(set.whole(field))
            }
        }
        guard keys.count == values.count else { return nil }
        pairs = zip(keys, values).map { (key: $0, value: $1) }
        for place in pairs.indices.reversed() { places[pairs[place].key.slice] = place }
    }

    /// Takes over what data says of some keys, at a cost of the data's bytes.
    mutating func set(by data: PropertyParts) {
        for pair in data.pairs {
            if let place = places[pair.key.slice] {
                pairs[place].value = pair.value
            } else {
                places[pair.key.slice] = pairs.count
                pairs.append(pair)
            }
        }
        if !data.others.isEmpty { others = data.others }
    }

    /// The set as a message.
    var encoded: [UInt8] {
        var writer = FieldWriter()
        for pair in pairs { writer.message(Self.keys, pair.key.slice) }
        for pair in pairs { writer.message(Self.values, pair.value.slice) }
        for other in others { writer.raw(other.slice) }
        return writer.bytes
    }
}
