/// What a property set says after data with some of its keys has set it: the n-th key belongs to the n-th value
/// (`tck-id-payloads-propertyset-keys-array-size`).
enum PropertyMerge {
    private static let keys = 1
    private static let values = 2

    /// - Returns: nil if keys and values do not pair up; the data then stands for itself.
    static func merge(_ birth: [UInt8], with data: [UInt8]) -> [UInt8]? {
        guard let old = pairs(birth), let new = pairs(data) else { return nil }
        var merged = old.pairs
        var places = Dictionary(merged.indices.map { (merged[$0].key, $0) }) { first, _ in first }
        for pair in new.pairs {
            if let place = places[pair.key] {
                merged[place].value = pair.value
            } else {
                places[pair.key] = merged.count
                merged.append(pair)
            }
        }
        var writer = FieldWriter()
        for pair in merged { writer.message(keys, pair.key) }
        for pair in merged { writer.message(values, pair.value) }
        writer.raw(new.others.isEmpty ? old.others : new.others)
        return writer.bytes
    }

    private static func pairs(
        _ bytes: [UInt8]
    ) -> (pairs: [(key: ArraySlice<UInt8>, value: ArraySlice<UInt8>)], others: [UInt8])? {
        var keys: [ArraySlice<UInt8>] = []
        var values: [ArraySlice<UInt8>] = []
        var others: [UInt8] = []
        for field in FieldReader(bytes, bytes.indices) {
            switch field.number {
            case Self.keys: keys.append(bytes[field.value])
            case Self.values: values.append(bytes[field.value])
            default: others += bytes[field.range]
            }
        }
        guard keys.count == values.count else { return nil }
        return (zip(keys, values).map { (key: $0, value: $1) }, others)
    }
}
