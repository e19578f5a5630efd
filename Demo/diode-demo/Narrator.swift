import Glibc

/// Prints one line after the other: no escape codes, nothing is overwritten, so that a log shows what a terminal shows.
final class Narrator: Sendable {
    private let began = ContinuousClock.now

    /// Seconds since the curtain rose.
    var elapsed: Duration { ContinuousClock.now - began }

    func title(_ text: String) {
        say("\n\(text)\n" + String(repeating: "-", count: text.count))
    }

    func say(_ text: String) {
        print(text)
        fflush(nil)
    }

    /// A column of figures: right-aligned, thousands separated.
    static func figure(_ number: Int, width: Int = 9) -> String {
        var digits = String(abs(number))
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        let text = (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    static func seconds(_ duration: Duration) -> String {
        let tenths = Int(duration / .milliseconds(100))
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
