/// The messages of a Sparkplug B payload (Sparkplug 3.0.0 chapter 6, `sparkplug_b.proto`), as far as one must know them to tell
/// whether bytes are one: the wire form of each known field. Unknown fields may have any.
enum PayloadSchema {
    case payload, metric, metadata
    case propertySet, propertyValue, propertySetList
    case dataSet, dataSetRow, dataSetValue
    case template, parameter

    /// How a known field must look.
    enum Shape: Equatable {
        case plain(WireField.Form)
        /// Repeated numbers: one by one, or packed.
        case numbers
        case message(PayloadSchema)
    }

    /// How deeply messages may stand in each other: templates in templates, property sets in property sets.
    static let deepest = 24

    /// Whether a range of bytes is such a message, with all that is in it.
    func matches(_ bytes: [UInt8], _ range: Range<Int>, depth: Int = 0) -> Bool {
        guard depth <= Self.deepest else { return false }
        var reader = FieldReader(bytes, range)
        while let field = reader.next() {
            switch shape(of: field.number) {
            case nil: break
            case .plain(let form): guard field.form == form else { return false }
            case .numbers: guard field.form == .varint || field.form == .bytes else { return false }
            case .message(let inner):
                guard field.form == .bytes, inner.matches(bytes, field.value, depth: depth + 1) else { return false }
            }
        }
        return !reader.isDamaged
    }

    /// The shape of a field; nil if the schema does not know it.
    func shape(of number: Int) -> Shape? {
        switch (self, number) {
        case (.payload, 1), (.payload, 3): .plain(.varint)
        case (.payload, 2): .message(.metric)
        case (.payload, 4...5): .plain(.bytes)

        case (.metric, 1), (.metric, 16): .plain(.bytes)
        case (.metric, 2...7): .plain(.varint)
        case (.metric, 8): .message(.metadata)
        case (.metric, 9): .message(.propertySet)
        case (.metric, 10...15): Self.value(number, first: 10)
        case (.metric, 17): .message(.dataSet)
        case (.metric, 18): .message(.template)

        case (.metadata, 1), (.metadata, 3...4): .plain(.varint)
        case (.metadata, 2), (.metadata, 5...8): .plain(.bytes)

        case (.propertySet, 1): .plain(.bytes)
        case (.propertySet, 2): .message(.propertyValue)
        case (.propertyValue, 1...2): .plain(.varint)
        case (.propertyValue, 3...8): Self.value(number, first: 3)
        case (.propertyValue, 9): .message(.propertySet)
        case (.propertyValue, 10): .message(.propertySetList)
        case (.propertySetList, 1): .message(.propertySet)

        case (.dataSet, 1): .plain(.varint)
        case (.dataSet, 2): .plain(.bytes)
        case (.dataSet, 3): .numbers
        case (.dataSet, 4): .message(.dataSetRow)
        case (.dataSetRow, 1): .message(.dataSetValue)
        case (.dataSetValue, _): Self.value(number, first: 1)

        case (.template, 1), (.template, 4): .plain(.bytes)
        case (.template, 2): .message(.metric)
        case (.template, 3): .message(.parameter)
        case (.template, 5): .plain(.varint)
        case (.parameter, 1): .plain(.bytes)
        case (.parameter, 2): .plain(.varint)
        case (.parameter, _): Self.value(number, first: 3)
        default: nil
        }
    }

    /// int, long, float, double, boolean, string: in this order wherever a value stands.
    private static func value(_ number: Int, first: Int) -> Shape? {
        switch number - first {
        case 0, 1, 4: .plain(.varint)
        case 2: .plain(.fixed32)
        case 3: .plain(.fixed64)
        case 5: .plain(.bytes)
        default: nil
        }
    }
}
