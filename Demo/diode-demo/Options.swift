/// What the command line may change.
struct Options {
    /// Wrong usage.
    struct Wrong: Error, CustomStringConvertible {
        let description: String
    }

    static let help = """
        diode-demo: two brokers, a plant, the pair, and a link in between that can be hurt.

          --seconds N   how long each act takes (8)
          --rate N      JSON messages a second (300)
          --seed N      of the plant and of what happens to the link (1)
          --help

        Exit: 0 what arrived and what is named as missing is everything that was sent; 1 it is not; 2 wrong usage.
        """

    var seconds = 8.0
    var rate = 300.0
    var seed: UInt64 = 1
    var wantsHelp = false

    init(_ arguments: [String]) throws {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--help", "-h": wantsHelp = true
            case "--seconds": seconds = try Self.number(option, rest.popFirst(), 1...3_600)
            case "--rate": rate = try Self.number(option, rest.popFirst(), 1...5_000)
            case "--seed": seed = UInt64(try Self.number(option, rest.popFirst(), 0...1e15))
            default: throw Wrong(description: "unknown option \(option); --help lists them")
            }
        }
    }

    private static func number(_ option: String, _ text: String?, _ allowed: ClosedRange<Double>) throws -> Double {
        guard let text, let number = Double(text), allowed.contains(number) else {
            throw Wrong(description: "\(option) takes a number from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return number
    }
}
