public import Time

/// What a receiver misses, carried by hand to the sender, which plays it again from its journal (WIRE §8).
///
/// Nobody signs it: the worst that a false one costs is spare bandwidth. It is text, so that whoever carries it over the zone's
/// border can read what it says.
public struct ResendBundle: Hashable, Sendable {
    /// Blocks of one epoch's live stream, first to last.
    public struct Run: Hashable, Sendable {
        public let epoch: Epoch
        public let blocks: ClosedRange<BlockNumber>

        public init(epoch: Epoch, blocks: ClosedRange<BlockNumber>) {
            self.epoch = epoch
            self.blocks = blocks
        }

        /// How many blocks it has.
        public var count: UInt64 { blocks.upperBound.rawValue - blocks.lowerBound.rawValue + 1 }
    }

    public let link: String
    /// Of the link's key, `SHA256:…`: so that a bundle for another plant is refused before anything is queued.
    public let fingerprint: String
    public let written: UnixMilliseconds
    /// Ascending by epoch and block; two of one epoch neither overlap nor touch.
    public let runs: [Run]

    /// How many blocks it asks for; below 2⁶³.
    public var blocks: UInt64 { runs.reduce(0) { $0 + $1.count } }

    private static let heading = "UNS-DIODE-BUNDLE 1"

    /// Asks for at least these blocks, in at most 64 KiB.
    ///
    /// Runs may come in any order and overlap. Where they are too many for one bundle, the smallest spaces between them are asked
    /// for as well, which costs spare bandwidth only. The caller has checked the link's name and the fingerprint.
    ///
    /// - Returns: the bundle, and how many runs of the oldest epochs have no place in it (more than 900 epochs): they belong
    ///   into the next one. nil where nothing is missing.
    public static func asking(
        for missing: [Run], link: String, fingerprint: String, written: UnixMilliseconds
    ) -> (bundle: ResendBundle, left: Int)? {
        precondition(LinkCard.isLinkName(link) && isFingerprint(fingerprint), "a bundle is for a link")
        precondition(
            missing.allSatisfy {
                1..<(1 << 63) ~= $0.epoch.rawValue && $0.blocks.lowerBound.rawValue > 0
                    && $0.blocks.upperBound.rawValue < 1 << 63
            }, "W-10")
        let runs = joined(missing)
        guard !runs.isEmpty else { return nil }
        func bundle(_ runs: [Run]) -> ResendBundle {
            ResendBundle(link: link, fingerprint: fingerprint, written: written, runs: runs)
        }
        func fits(_ runs: [Run]) -> Bool {
            var total: UInt64 = 0
            for run in runs {
                total += run.count
                guard total < 1 << 63 else { return false }
            }
            return bundle(runs).text.utf8.count <= WireLimits.maximumBundleBytes
        }
        if fits(runs) { return (bundle(runs), 0) }
        // Each space that is closed makes the text shorter: the fewest that suffice, the smallest first.
        let spaces = runs.indices.dropFirst().filter { runs[$0].epoch == runs[$0 - 1].epoch }.sorted {
            space(before: $0, in: runs) < space(before: $1, in: runs)
        }
        var low = 0
        var high = spaces.count
        while low < high {
            let middle = (low + high) / 2
            if fits(closing(spaces[..<middle], in: runs)) { high = middle } else { low = middle + 1 }
        }
        var kept = closing(spaces[..<low], in: runs)
        var left = 0
        while !fits(kept) {
            kept.removeFirst()
            left += 1
        }
        return kept.isEmpty ? nil : (bundle(kept), left)
    }

    private init(link: String, fingerprint: String, written: UnixMilliseconds, runs: [Run]) {
        self.link = link
        self.fingerprint = fingerprint
        self.written = written
        self.runs = runs
    }

    /// Ascending, without overlaps; runs that touch are one.
    private static func joined(_ missing: [Run]) -> [Run] {
        var result: [Run] = []
        let sorted = missing.sorted {
            $0.epoch == $1.epoch ? $0.blocks.lowerBound < $1.blocks.lowerBound : $0.epoch < $1.epoch
        }
        for run in sorted {
            if let last = result.last, last.epoch == run.epoch, run.blocks.lowerBound <= last.blocks.upperBound.next {
                let end = max(last.blocks.upperBound, run.blocks.upperBound)
                result[result.count - 1] = Run(epoch: run.epoch, blocks: last.blocks.lowerBound...end)
            } else {
                result.append(run)
            }
        }
        return result
    }

    private static func space(before index: Int, in runs: [Run]) -> UInt64 {
        runs[index].blocks.lowerBound.rawValue - runs[index - 1].blocks.upperBound.rawValue
    }

    private static func closing(_ spaces: ArraySlice<Int>, in runs: [Run]) -> [Run] {
        let closed = Set(spaces)
        var result: [Run] = []
        for (index, run) in runs.enumerated() {
            if closed.contains(index), let last = result.last {
                result[result.count - 1] = Run(
                    epoch: run.epoch, blocks: last.blocks.lowerBound...run.blocks.upperBound)
            } else {
                result.append(run)
            }
        }
        return result
    }

    /// The whole bundle, as it stands in the file.
    public var text: String {
        var text = "\(Self.heading)\nlink \(link)\nfingerprint \(fingerprint)\nwritten \(CalendarTime.text(written))\n"
        var epoch: Epoch?
        for run in runs {
            if run.epoch != epoch { text += "epoch \(run.epoch.rawValue)\n" }
            epoch = run.epoch
            text += "blocks \(run.blocks.lowerBound.rawValue)"
            if run.count > 1 { text += "-\(run.blocks.upperBound.rawValue)" }
            text += "\n"
        }
        return text + "end \(blocks)\n"
    }

    /// Reads a bundle. One that is read is canonical: `text` gives back exactly these bytes.
    ///
    /// - Throws: the first rule of W-38 and W-43 that it breaks.
    public init(parsing bytes: [UInt8]) throws(BundleError) {
        guard bytes.count <= WireLimits.maximumBundleBytes else { throw .tooLong(bytes.count) }
        guard bytes.allSatisfy({ 0x20...0x7E ~= $0 || $0 == UInt8(ascii: "\n") }), bytes.last == UInt8(ascii: "\n")
        else { throw .notText }
        let lines = bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard lines[0] == Self.heading else { throw .missing(Self.heading, line: 1) }
        func value(_ name: String, _ index: Int) throws(BundleError) -> String {
            guard index < lines.count, lines[index].hasPrefix(name + " ") else { throw .missing(name, line: index + 1) }
            return String(lines[index].dropFirst(name.count + 1))
        }
        link = try value("link", 1)
        guard LinkCard.isLinkName(link) else { throw .linkName(link) }
        fingerprint = try value("fingerprint", 2)
        guard Self.isFingerprint(fingerprint) else { throw .fingerprint(fingerprint) }
        let time = try value("written", 3)
        guard let written = CalendarTime.time(time) else { throw .written(time) }
        self.written = written
        var body = BundleLines()
        var index = 4
        while index < lines.count, !lines[index].hasPrefix("end ") {
            try body.add(lines[index], number: index + 1)
            index += 1
        }
        let end = try value("end", index)
        runs = try body.finish()
        guard end == String(body.total) else { throw .total(end) }
        guard index == lines.count - 1 else { throw .afterEnd(line: index + 2) }
    }

    /// `SHA256:` and the unpadded base64 of 32 bytes.
    static func isFingerprint(_ text: String) -> Bool {
        text.hasPrefix("SHA256:") && Base64.decode(String(text.dropFirst(7)) + "=")?.count == 32
    }
}

/// Takes the lines between the head and the end of a bundle.
private struct BundleLines {
    private var runs: [ResendBundle.Run] = []
    private var epoch: Epoch?
    /// Blocks so far.
    private(set) var total: UInt64 = 0

    mutating func add(_ line: String, number: Int) throws(BundleError) {
        if line.hasPrefix("epoch ") {
            guard epoch == nil || runs.last?.epoch == epoch else { throw .empty }
            guard let value = Self.number(line.dropFirst(6)), value > epoch?.rawValue ?? 0 else {
                throw .epoch(line: number)
            }
            epoch = Epoch(rawValue: value)
        } else if line.hasPrefix("blocks ") {
            guard let epoch else { throw .missing("epoch", line: number) }
            let ends = line.dropFirst(7).split(separator: "-", omittingEmptySubsequences: false)
            // Between it and the run before lies at least one block.
            let least = runs.last.map { $0.epoch == epoch ? $0.blocks.upperBound.rawValue + 2 : 1 } ?? 1
            guard 1...2 ~= ends.count, let first = Self.number(ends[0]), let last = Self.number(ends[ends.count - 1]),
                first >= least, ends.count == 1 || last > first
            else { throw .blocks(line: number) }
            total += last - first + 1
            guard total < 1 << 63 else { throw .blocks(line: number) }
            runs.append(
                ResendBundle.Run(epoch: epoch, blocks: BlockNumber(rawValue: first)...BlockNumber(rawValue: last)))
        } else {
            throw .missing(epoch == nil ? "epoch" : "blocks", line: number)
        }
    }

    func finish() throws(BundleError) -> [ResendBundle.Run] {
        guard let last = runs.last, last.epoch == epoch else { throw .empty }
        return runs
    }

    /// 1…2⁶³−1 in its one decimal form.
    private static func number(_ text: Substring) -> UInt64? {
        guard let value = UInt64(text), String(value) == text, 1..<(1 << 63) ~= value else { return nil }
        return value
    }
}
