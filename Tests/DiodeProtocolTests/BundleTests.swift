import DiodeProtocol
import Foundation
import TestKit
import Testing
import Time

@Suite("Resend bundles")
struct BundleTests {
    private static let fingerprint = "SHA256:" + String(repeating: "A", count: 42) + "A"
    private static let written = UnixMilliseconds(rawValue: 1_795_253_400_000)
    private static let text = """
        UNS-DIODE-BUNDLE 1
        link plant-a
        fingerprint \(fingerprint)
        written 2026-11-21T09:30:00.000Z
        epoch 1763716000000
        blocks 31
        blocks 40-77
        epoch 1763802400000
        blocks 1-9
        end 48

        """

    private static func run(_ epoch: UInt64, _ blocks: ClosedRange<UInt64>) -> ResendBundle.Run {
        ResendBundle.Run(
            epoch: Epoch(rawValue: epoch),
            blocks: BlockNumber(rawValue: blocks.lowerBound)...BlockNumber(rawValue: blocks.upperBound))
    }

    private static func asking(_ runs: [ResendBundle.Run]) -> (bundle: ResendBundle, left: Int)? {
        ResendBundle.asking(for: runs, link: "plant-a", fingerprint: fingerprint, written: written)
    }

    private static func error(_ text: String) -> BundleError? {
        do throws(BundleError) {
            _ = try ResendBundle(parsing: Array(text.utf8))
            return nil
        } catch { return error }
    }

    @Test("W-43 the bundle of the specification is read, and written back byte for byte")
    func golden() throws {
        let bundle = try ResendBundle(parsing: Array(Self.text.utf8))
        #expect(bundle.text == Self.text && bundle.link == "plant-a" && bundle.blocks == 48)
        #expect(bundle.written == Self.written)
        #expect(
            bundle.runs == [
                Self.run(1_763_716_000_000, 31...31), Self.run(1_763_716_000_000, 40...77),
                Self.run(1_763_802_400_000, 1...9),
            ])
    }

    @Test("W-43 every truncation is refused, and every line that is missing, doubled or moved")
    func lines() {
        for length in 0..<Self.text.utf8.count {
            #expect(Self.error(String(Self.text.prefix(length))) != nil, "\(length) bytes")
        }
        let lines = Self.text.split(separator: "\n").map(String.init)
        func refused(_ lines: [String]) -> Bool { Self.error(lines.joined(separator: "\n") + "\n") != nil }
        for index in lines.indices {
            var other = lines
            other.remove(at: index)
            #expect(refused(other), "without line \(index + 1)")
            other = lines
            other.insert(lines[index], at: index)
            #expect(refused(other), "line \(index + 1) twice")
            for place in lines.indices where place != index {
                // Blocks of two epochs may change places: that is another bundle.
                if lines[index].hasPrefix("blocks "), lines[place].hasPrefix("blocks ") { continue }
                other = lines
                other.swapAt(index, place)
                #expect(refused(other), "lines \(index + 1) and \(place + 1) swapped")
            }
            #expect(refused(lines + ["x"]) && refused(lines + [""]))
        }
    }

    @Test("W-43 every byte changed is refused, or is another bundle that is read back as itself")
    func bytes() throws {
        let bytes = Array(Self.text.utf8)
        for index in bytes.indices {
            for value in [0, 9, 10, 13, 32, 45, 48, 49, 57, 65, 127, 128, 255] as [UInt8] where value != bytes[index] {
                var changed = bytes
                changed[index] = value
                if let bundle = try? ResendBundle(parsing: changed) {
                    #expect(Array(bundle.text.utf8) == changed)
                }
            }
        }
    }

    @Test(
        "W-38 numbers out of form, out of range or out of order are refused",
        arguments: [
            ("blocks 31", "blocks 031"), ("blocks 31", "blocks 0"), ("blocks 31", "blocks +31"),
            ("blocks 31", "blocks "),
            ("blocks 31", "blocks 31-31"), ("blocks 31", "blocks 31-30"), ("blocks 31", "blocks 31-"),
            ("blocks 31", "blocks -31"), ("blocks 31", "blocks 31-39"), ("blocks 31", "blocks 41"),
            ("blocks 31", "blocks 1-2-3"), ("blocks 31", "blocks 9223372036854775808"), ("blocks 31", "blocks  31"),
            ("blocks 40-77", "blocks 32-77"), ("blocks 1-9", "blocks 1-9223372036854775807"),
            ("epoch 1763802400000", "epoch 1763716000000"), ("epoch 1763802400000", "epoch 1"),
            ("epoch 1763716000000", "epoch 0"), ("epoch 1763716000000", "epoch 01763716000000"),
            ("epoch 1763716000000", "epoch 9223372036854775808"), ("end 48", "end 47"), ("end 48", "end 048"),
            ("end 48", "end "), ("link plant-a", "link "), ("link plant-a", "link plant a"),
            ("link plant-a", "link ../x"),
            ("SHA256:A", "SHA256:"), ("SHA256:A", "SHA512:A"), ("09:30:00.000Z", "09:30:00Z"), ("BUNDLE 1", "BUNDLE 2"),
        ])
    func numbers(old: String, new: String) throws {
        let range = try #require(Self.text.range(of: old))
        #expect(Self.error(Self.text.replacingCharacters(in: range, with: new)) != nil)
    }

    @Test("W-38 no sum of block numbers overflows")
    func overflow() {
        let most = "9223372036854775807"
        let head = Self.text.prefix(while: { _ in true }).split(separator: "\n").prefix(4).joined(separator: "\n")
        var text = head + "\n"
        for epoch in 1...6 { text += "epoch \(epoch)\nblocks 1-\(most)\n" }
        #expect(Self.error(text + "end 0\n") == .blocks(line: 8))
        #expect(Self.error("\(head)\nepoch \(most)\nblocks \(most)\nend 1\n") == nil)
        #expect(Self.error("\(head)\nepoch 1\nblocks \(most)\nblocks \(most)\nend 2\n") == .blocks(line: 7))
    }

    @Test("W-43 a bundle has at most 64 KiB, and what is said of a bad one can be printed")
    func limits() {
        let long = String(repeating: "x", count: WireLimits.maximumBundleBytes) + "\n"
        #expect(Self.error(long) == .tooLong(WireLimits.maximumBundleBytes + 1))
        #expect(Self.error("") == .notText && Self.error("\n") == .missing("UNS-DIODE-BUNDLE 1", line: 1))
        for text in ["\u{1B}[2J\n", "é\n", Self.text.replacing("plant-a", with: "plant\u{7}")] {
            #expect(Self.error(text) == .notText)
        }
    }

    @Test("what is missing is asked for: in any order, overlapping, however much")
    func asking() async throws {
        try await withSeed { random in
            for size in [1, 5, 300, 9_000] {
                var runs: [ResendBundle.Run] = []
                for _ in 0..<size {
                    let first = UInt64.random(in: 1...40_000_000, using: &random)
                    runs.append(
                        Self.run(
                            .random(in: 1...4, using: &random), first...first + .random(in: 0...30, using: &random)))
                }
                let (bundle, left) = try #require(Self.asking(runs.shuffled(using: &random)))
                #expect(left == 0 && bundle.text.utf8.count <= WireLimits.maximumBundleBytes)
                #expect(try ResendBundle(parsing: Array(bundle.text.utf8)) == bundle)
                for run in runs {
                    let found = bundle.runs.contains {
                        $0.epoch == run.epoch && $0.blocks.lowerBound <= run.blocks.lowerBound
                            && run.blocks.upperBound <= $0.blocks.upperBound
                    }
                    #expect(found)
                }
                if size <= 300 {
                    let asked = Set(
                        runs.flatMap { run in run.blocks.lowerBound.rawValue...run.blocks.upperBound.rawValue }
                    ).count
                    #expect(bundle.blocks <= UInt64(asked) + 31 * 300, "nothing is joined that fits as it is")
                }
            }
        }
    }

    @Test("an outage of one piece is a bundle of a few hundred bytes, and nothing missing is no bundle")
    func small() throws {
        #expect(Self.asking([]) == nil)
        let (bundle, _) = try #require(Self.asking([Self.run(1_763_716_000_000, 31_000...99_000)]))
        #expect(bundle.text.utf8.count < 250)
    }

    @Test("more epochs than fit leave the oldest to the next bundle, and say so")
    func epochs() throws {
        let runs = (1...5_000).map { Self.run(1_763_716_000_000 + UInt64($0), 1_000_000_000...1_000_000_009) }
        let (bundle, left) = try #require(Self.asking(runs))
        #expect(left == 5_000 - bundle.runs.count && bundle.runs.last == runs.last && bundle.runs.count > 900)
        #expect(try ResendBundle(parsing: Array(bundle.text.utf8)) == bundle)
    }
}
