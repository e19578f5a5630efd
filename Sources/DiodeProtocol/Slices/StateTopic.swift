/// Topics of the pair's own, under which the sender says what Sparkplug edge nodes would say if they were born now (W-41): the topic of the
/// birth behind a prefix that no plant can use.
///
/// ```text
/// diode/state/spBv1.0/group/NBIRTH/node        diode/state/spBv1.0/group/DBIRTH/node/device
/// ```
public enum StateTopic {
    /// `diode/state/`.
    public static let prefix = Array("diode/state/".utf8)

    /// The birth's topic; nil if a topic is no state's.
    @_lifetime(copy topic)
    public static func birth(of topic: RawSpan) -> RawSpan? {
        guard topic.byteCount > prefix.count else { return nil }
        let isState = topic.withUnsafeBytes { $0.starts(with: prefix) }
        return isState ? topic.extracting(prefix.count..<topic.byteCount) : nil
    }
}
