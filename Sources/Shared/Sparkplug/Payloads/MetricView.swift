/// What a metric says of itself, by its places in the bytes of a payload that has been checked.
struct MetricView: Sendable {
    /// Field numbers (`sparkplug_b.proto`).
    enum Field {
        static let name = 1
        static let alias = 2
        static let timestamp = 3
        static let datatype = 4
        static let isHistorical = 5
        static let isNull = 7
        static let metadata = 8
        static let properties = 9
        static let long = 11
        static let boolean = 14
        static let template = 18
        /// The members of the value's `oneof`, extension included.
        static let values = 10...19
    }

    /// The message without its length.
    let range: Range<Int>
    /// Empty if it has none.
    private(set) var name: Range<Int>
    private(set) var alias: UInt64?
    private(set) var timestamp: UInt64?
    private(set) var datatype: UInt64?
    private(set) var isHistorical = false
    private(set) var isNull = false
    /// The value; of several the last one.
    private(set) var value: WireField?

    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.range = range
        name = range.lowerBound..<range.lowerBound
        var reader = FieldReader(bytes, range)
        while let field = reader.next() {
            switch field.number {
            case Field.name: name = field.value
            case Field.alias: alias = field.varint
            case Field.timestamp: timestamp = field.varint
            case Field.datatype: datatype = field.varint
            case Field.isHistorical: isHistorical = field.isTrue
            case Field.isNull: isNull = field.isTrue
            case Field.values: value = field
            default: break
            }
        }
    }

    /// The number of a `bdSeq`, whichever integer type it has; of one that has counted on beyond 255, where it would stand.
    var sessionNumber: UInt8? {
        guard let value, value.form == .varint else { return nil }
        return UInt8(truncatingIfNeeded: value.varint)
    }

    /// The datatype that a value of this kind has when nobody says (Sparkplug 3.0.0 section 6.4.16).
    var datatypeOfValue: Datatype {
        switch value?.number {
        case 10: .int32
        case 11: .int64
        case 12: .float
        case 13: .double
        case 14: .boolean
        case 15: .string
        case 16: .bytes
        case 17: .dataSet
        case 18: .template
        default: .unknown
        }
    }
}

/// Datatypes that are written here.
enum Datatype: UInt64 {
    case unknown = 0
    case int32 = 3
    case int64 = 4
    case float = 9
    case double = 10
    case boolean = 11
    case string = 12
    case dataSet = 16
    case bytes = 17
    case template = 19
}
