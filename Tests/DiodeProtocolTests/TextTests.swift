import DiodeProtocol
import TestKit
import Testing
import Time

@Suite("Text and times")
struct TextTests {
    private static func isValid(_ bytes: [UInt8]) -> Bool { UTF8Text.isValid(bytes.span.bytes) }
    private static func isTopic(_ bytes: [UInt8]) -> Bool { UTF8Text.isTopicName(bytes.span.bytes) }

    @Test("W-28 UTF-8 is valid where the standard library says so, for every kind of sequence of up to three bytes")
    func everySequence() {
        var differences = 0
        // One of each kind of first byte, and its neighbours.
        let firsts: [UInt8] = [
            0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4,
            0xF5, 0xFF,
        ]
        for first in firsts {
            for second in UInt8.min ... .max {
                for third in [UInt8](
                    arrayLiteral: 0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF)
                {
                    let bytes = [first, second, third]
                    if Self.isValid(bytes) != (String(validating: bytes, as: UTF8.self) != nil) { differences += 1 }
                }
            }
        }
        #expect(differences == 0)
    }

    @Test("W-28 UTF-8 is valid where the standard library says so, wherever the words of eight bytes begin")
    func randomSequences() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0x41], [0x7F], [0xC3, 0x9F], [0xE2, 0x82, 0xAC], [0xF0, 0x9D, 0x84, 0x9E], [0xED, 0xA0, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xC0, 0xAF], [0x80], [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xF5],
        ]
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                // Mostly valid pieces, so that the invalid ones stand anywhere.
                bytes +=
                    pieces[Int.random(in: 0..<(Int.random(in: 0..<8, using: &random) == 0 ? 12 : 5), using: &random)]
            }
            if Bool.random(using: &random), !bytes.isEmpty { bytes.removeLast() }
            #expect(Self.isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil), "seed \(seed), \(bytes)")
        }
    }

    @Test("W-28 wildcards and U+0000 are found wherever they stand in a topic")
    func topicNames() {
        for count in 1...40 {
            let plain = [UInt8](repeating: 0x61, count: count)
            #expect(Self.isTopic(plain))
            for position in 0..<count {
                for byte in UInt8.min...0x7F {
                    var topic = plain
                    topic[position] = byte
                    let isAllowed = byte != 0 && byte != UInt8(ascii: "+") && byte != UInt8(ascii: "#")
                    #expect(Self.isTopic(topic) == isAllowed)
                }
            }
        }
        #expect(!Self.isTopic([]))
        #expect(Self.isTopic([UInt8](repeating: 0x61, count: 65_535)))
        #expect(!Self.isTopic([UInt8](repeating: 0x61, count: 65_536)))
        // Neighbours of the forbidden bytes with the top bit set, which a careless word comparison mistakes.
        #expect(Self.isTopic(Array("ééééééééé«££".utf8)))
    }

    @Test("A text is cut where a character ends")
    func cut() {
        #expect(UTF8Text.cut("abc", maximumBytes: 3) == "abc")
        #expect(UTF8Text.cut("abc", maximumBytes: 2) == "ab")
        #expect(UTF8Text.cut("aß", maximumBytes: 2) == "a")
        #expect(UTF8Text.cut("𝄞", maximumBytes: 3) == "")
        #expect(UTF8Text.cut("x𝄞", maximumBytes: 5) == "x𝄞")
    }

    @Test("W-35 times are written in one form, and only that form is read")
    func calendar() {
        for (time, text) in [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(UInt64, String)] {
            #expect(CalendarTime.text(UnixMilliseconds(rawValue: time)) == text)
            #expect(CalendarTime.time(text) == UnixMilliseconds(rawValue: time))
        }
        #expect(CalendarTime.text(UnixMilliseconds(rawValue: .max)) == "9999-12-31T23:59:59.999Z")
        for text in [
            "1969-12-31T23:59:59.999Z", "2026-02-29T00:00:00.000Z", "2026-04-31T00:00:00.000Z",
            "2026-01-01T24:00:00.000Z", "2026-01-01T00:60:00.000Z", "2026-01-01T00:00:60.000Z",
            "2026-1-01T00:00:00.0000Z", "2026-01-01t00:00:00.000Z", "2026-01-01 00:00:00.000Z",
            "2026-00-01T00:00:00.000Z", "2026-01-00T00:00:00.000Z", "+026-01-01T00:00:00.000Z",
            "2026-01-01T00:00:00.000", "",
        ] {
            #expect(CalendarTime.time(text) == nil, "\(text)")
        }
    }

    @Test("Days of four centuries have a text that is read back")
    func days() {
        // Every eleventh: 33 of each year, on other dates in each.
        for day in stride(from: UInt64(0), to: 146_097, by: 11) {
            let time = UnixMilliseconds(rawValue: day * 86_400_000 + 12_345_678)
            #expect(CalendarTime.time(CalendarTime.text(time)) == time)
        }
    }

    @Test("A monotonic instant stops at both ends of its clock")
    func instants() {
        let second = MonotonicInstant(nanoseconds: 1_000_000_000)
        #expect(second.advanced(by: .milliseconds(5)) == MonotonicInstant(nanoseconds: 1_005_000_000))
        #expect(second.advanced(by: .milliseconds(-5)) == MonotonicInstant(nanoseconds: 995_000_000))
        #expect(second.advanced(by: .seconds(-2)) == MonotonicInstant(nanoseconds: 0))
        #expect(second.advanced(by: .seconds(Int64.max)) == MonotonicInstant(nanoseconds: .max))
        #expect(second.advanced(by: .seconds(Int64.min)) == MonotonicInstant(nanoseconds: 0))
        #expect(
            second.advanced(by: .seconds(9_223_372_036) + .milliseconds(900)).nanoseconds == 9_223_372_037_900_000_000)
        #expect(second.duration(to: second.advanced(by: .seconds(3))) == .seconds(3))
        #expect(second.advanced(by: .seconds(3)).duration(to: second) == .seconds(-3))
        #expect(
            MonotonicInstant(nanoseconds: 0).duration(to: MonotonicInstant(nanoseconds: .max))
                == .nanoseconds(Int64.max))
    }

    @Test("P3 a stamp is newer by its epoch first, then by its sequence")
    func stamps() {
        func stamp(_ epoch: UInt64, _ sequence: UInt64) -> Stamp {
            Stamp(epoch: Epoch(rawValue: epoch), sequence: SequenceNumber(rawValue: sequence))
        }
        #expect(stamp(1, 9) < stamp(2, 1))
        #expect(stamp(2, 1) < stamp(2, 2))
        #expect(!(stamp(2, 2) < stamp(2, 2)))
        #expect(!(stamp(3, 1) < stamp(2, 9)))
    }
}
