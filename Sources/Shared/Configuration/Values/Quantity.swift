/// A number with a unit, as text: digits, then the unit, nothing between or around. Zero needs no unit.
struct Quantity {
    let number: UInt64
    let unit: Substring

    /// - Returns: nil if the text has another form or the number does not fit into 64 bits.
    init?(_ text: String) {
        let digits = text.prefix { $0.utf8.allSatisfy(isDigit) }
        guard !digits.isEmpty, let number = UInt64(digits) else { return nil }
        self.number = number
        unit = text[digits.endIndex...]
    }

    /// The number in the base unit, for units in descending order; nil for an unknown unit or one that overflows.
    func scaled(by units: [(name: String, factor: UInt64)]) -> UInt64? {
        if number == 0, unit.isEmpty { return 0 }
        guard let factor = units.first(where: { $0.name == unit })?.factor else { return nil }
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : value
    }

    /// The shortest exact text: the largest unit that divides the value.
    static func text(_ value: UInt64, units: [(name: String, factor: UInt64)]) -> String {
        for unit in units where value >= unit.factor && value % unit.factor == 0 {
            return "\(value / unit.factor)\(unit.name)"
        }
        return "\(value)\(units.last?.name ?? "")"
    }
}

/// Whether a byte is an ASCII digit.
func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
