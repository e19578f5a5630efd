/// What becomes of a record that comes late and whose topic has moved on. One that is still the newest of its topic is
/// published like any other. The words are those of the configuration.
public enum LatePolicy: String, Sendable, CaseIterable {
    /// It goes to `diode/<link>/late/<topic>`, not retained.
    case topic
    /// It goes to its own topic, never retained and never deleting.
    case mark
    /// It is counted and left out.
    case drop
}
