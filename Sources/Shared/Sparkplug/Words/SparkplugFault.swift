/// What is wrong with a plant's Sparkplug message, or with its place among the others. All are tolerated: counted by kind
/// and node, and repaired on the IT side.
public enum SparkplugFault: String, Error, Sendable, CaseIterable {
    /// The payload is no Sparkplug B payload: cut off, a wrong wire type, nested too deeply. Nothing of it is taken.
    case damaged
    /// The payload hides its metrics in a compressed body. Nothing of it is taken.
    case compressed
    /// More than `SparkplugLimits` allow. Nothing of it is taken.
    case overLimit = "over_limit"
    /// Data or a death of a node or device whose birth is not known.
    case withoutBirth = "without_birth"
    /// An alias that no birth has given.
    case unknownAlias = "unknown_alias"
    /// A name that no birth had; with a datatype it is taken up as if it had.
    case unknownMetric = "unknown_metric"
    /// A `seq` that does not follow its predecessor: a message was lost, or the library does not count.
    case sequenceHole = "sequence_hole"
    /// No `seq` where one must be, or more than 255.
    case sequenceMissing = "sequence_missing"
    /// An NBIRTH whose `seq` is not 0.
    case birthSequence = "birth_sequence"
    /// An NBIRTH or NDEATH without a metric `bdSeq`, or with one that is no integer of 0…255.
    case bdSeqMissing = "bdseq_missing"
    /// An NDEATH that is not of the current birth's session. One of an earlier session is ignored, as a host must.
    case bdSeqMismatch = "bdseq_mismatch"
    /// An NBIRTH without `Node Control/Rebirth`, or with an alias or a wrong datatype for it.
    case rebirthMetric = "rebirth_metric"
    /// A birth with two metrics of one name: the later one counts.
    case duplicateName = "duplicate_name"
    /// A birth whose aliases are not unique in its edge node.
    case duplicateAlias = "duplicate_alias"
    /// A metric of a birth without name: nothing can be said of it.
    case namelessMetric = "nameless_metric"
    /// A metric of a birth without datatype: it is told from the value.
    case datatypeMissing = "datatype_missing"
    /// A payload, or a metric, without timestamp.
    case timestampMissing = "timestamp_missing"
    /// A message with the retain flag, which no Sparkplug message of an edge node may have.
    case retained
}
