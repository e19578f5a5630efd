internal import Account
internal import DiodeProtocol
internal import Time

/// Gaps over time as a drawing (SVG): a lane for each state, time cut into 215 slots, a bar where records are missing.
///
/// ```text
/// lost        │▂           █
/// healed      │▁ ▁▁ ▃  ▁▅▅▅▅▁ ▁▁▁      height: the slot's share of the lane's worst slot, by its square root
///             └───────────────────
/// ```
/// A gap longer than a slot spreads its records over all that it touches. So the drawing is as large with a million gaps as with
/// a few hundred.
struct GapTimeline {
    /// One slot of a lane.
    struct Slot: Hashable {
        /// Gaps that begin in it, and that touch it.
        var begun = 0, touching = 0
        /// Their records in it.
        var records = 0.0
    }

    static let slots = 215
    /// Pixels of the drawing.
    private static let left = 90.0, slotWidth = 4.0, laneHeight = 34.0, barHeight = 28.0, top = 8.0
    private static let right = left + slotWidth * Double(slots)

    let from, to: UnixMilliseconds
    /// Lost, open, healed, unobserved, without those in which there is nothing.
    private(set) var lanes: [(name: String, slots: [Slot])] = []

    /// - Returns: nil without any gap or interval: there is nothing to draw.
    init?(_ link: LinkAudit, generatedAt: UnixMilliseconds) {
        guard !link.gaps.isEmpty || !link.unobserved.isEmpty else { return nil }
        let spans = link.gaps.map(\.span) + link.unobserved.map { (from: $0.from, to: $0.to) }
        // The plant's clock may be ahead or behind of ours: whatever there is to see is on the axis.
        let starts =
            spans.map(\.from) + [link.statement?.period.since ?? link.epochs.map(\.startedAt).min()].compactMap(\.self)
        let ends = spans.map { max($0.from, $0.to) } + [link.statement?.period.until ?? generatedAt]
        from = starts.min() ?? generatedAt
        to = UnixMilliseconds(rawValue: max((ends.max() ?? generatedAt).rawValue, from.rawValue.plus(60_000)))
        for state in [Gap.State.lost, .open, .healed] {
            add(
                state.wordInAudit,
                link.gaps.filter { $0.state == state }.map { ($0.span.from, $0.span.to, Double($0.records)) })
        }
        add("unobserved", link.unobserved.map { ($0.from, max($0.from, $0.to), 1) })
    }

    private mutating func add(_ name: String, _ spans: [(from: UnixMilliseconds, to: UnixMilliseconds, weight: Double)])
    {
        guard !spans.isEmpty else { return }
        var slots = [Slot](repeating: Slot(), count: Self.slots)
        for span in spans {
            let first = slot(of: span.from)
            let last = slot(of: span.to)
            slots[first].begun += 1
            for index in first...last {
                slots[index].touching += 1
                slots[index].records += span.weight / Double(last - first + 1)
            }
        }
        lanes.append((name, slots))
    }

    private func slot(of time: UnixMilliseconds) -> Int {
        let length = Double(max(1, to.rawValue.minus(from.rawValue)))
        let share = min(1, Double(time.rawValue.minus(from.rawValue)) / length)
        return min(Self.slots - 1, Int(share * Double(Self.slots)))
    }

    private func start(of slot: Int) -> UnixMilliseconds {
        // Below 2⁶³, where a double of milliseconds is still one of an integer.
        let length = min(Double(to.rawValue.minus(from.rawValue)), 0x1p62)
        return UnixMilliseconds(rawValue: from.rawValue.plus(UInt64(length * Double(slot) / Double(Self.slots))))
    }

    /// The drawing, to stand in a page.
    var svg: String {
        let axis = Self.top + Double(lanes.count) * Self.laneHeight
        let summary = lanes.map { lane in "\(lane.name) \(lane.slots.reduce(0) { $0 + $1.begun })" }
        var text =
            "<svg class=\"timeline\" viewBox=\"0 0 \(Self.text(Self.right + 10)) \(Self.text(axis + 26))\" role=\"img\" "
            + "aria-label=\"Gaps over time: \(summary.joined(separator: ", "))\">\n"
        for (step, label, anchor) in ticks {
            let place = Self.text(Self.left + (Self.right - Self.left) * Double(step) / 4)
            text += "<line class=\"grid\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Self.text(Self.top))\" "
            text += "y2=\"\(Self.text(axis))\"/><text class=\"tick\" text-anchor=\"\(anchor)\" x=\"\(place)\" "
            text += "y=\"\(Self.text(axis + 18))\">\(label)</text>\n"
        }
        for (number, lane) in lanes.enumerated() {
            text += bars(of: lane.name, lane.slots, bottom: Self.top + Double(number + 1) * Self.laneHeight)
        }
        return text + "</svg>\n" + key
    }

    /// Names of the lanes by their colours, and both ends of the axis: on a narrow screen the words in the drawing are too small to read.
    private var key: String {
        let names = lanes.map { "<i class=\"\($0.name)\"></i>\($0.name)" }.joined()
        return "<p class=\"key ends\"><span>\(ShownTime.text(from))</span><span>\(ShownTime.text(to))</span></p>\n"
            + "<p class=\"key\">\(names)</p>\n"
    }

    private func bars(of name: String, _ slots: [Slot], bottom: Double) -> String {
        let most = max(slots.map(\.records).max() ?? 1, .leastNormalMagnitude)
        var text = "<text class=\"lane\" x=\"0\" y=\"\(Self.text(bottom - 8))\">\(name)</text>"
        text += "<line class=\"rail\" x1=\"\(Self.text(Self.left))\" x2=\"\(Self.text(Self.right))\" "
        text += "y1=\"\(Self.text(bottom))\" y2=\"\(Self.text(bottom))\"/>\n"
        for (index, slot) in slots.enumerated() where slot.touching > 0 {
            let height = max(3, Self.barHeight * (slot.records / most).squareRoot())
            let what =
                name == "unobserved"
                ? ShownNumber.counted(slot.touching, "interval")
                : ShownNumber.counted(slot.touching, "gap") + ", "
                    + ShownNumber.counted(Int64(min(max(1, slot.records.rounded()), 0x1p62)), "record")
            text += "<rect class=\"\(name)\" x=\"\(Self.text(Self.left + Self.slotWidth * Double(index)))\" "
            text += "y=\"\(Self.text(bottom - height))\" width=\"\(Self.text(Self.slotWidth))\" "
            text += "height=\"\(Self.text(height))\"><title>\(ShownTime.span(start(of: index), start(of: index + 1))): "
            text += "\(what)</title></rect>\n"
        }
        return text
    }

    /// Five instants along the axis: dates alone where the whole is longer than three days, times alone within one day.
    private var ticks: [(Int, String, String)] {
        let length = to.rawValue.minus(from.rawValue)
        let isOneDay = ShownTime.text(from).prefix(10) == ShownTime.text(to).prefix(10)
        return (0...4).map { step in
            let full = ShownTime.text(UnixMilliseconds(rawValue: from.rawValue.plus(length / 4 * UInt64(step))))
            let label: Substring =
                length > 3 * 86_400_000 ? full.prefix(10) : isOneDay ? full.dropFirst(11) : full.dropFirst(5).prefix(11)
            return (step, String(label), step == 0 ? "start" : step == 4 ? "end" : "middle")
        }
    }

    /// A number with one decimal: a tenth of a pixel.
    private static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(tenths % 10)"
    }
}
