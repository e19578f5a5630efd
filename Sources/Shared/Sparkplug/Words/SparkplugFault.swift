/// What is wrong with a plant's Sparkplug message, or with its place among the others. All are tolerated: counted by kind
/// and node, and repaired on the IT side.
public enum SparkplugFault: String, Error, Sendable, CaseIterable {
    /// The payload is no Sparkplug B payload: cut off, a wrong wire type, nested too deeply. Nothing of it is taken.
    case damaged
    /// The payload hides its metrics in a compressed body. Nothing of it is taken.
    case compressed
    /// An empty payload: the deletion of a retained message [MQTT-3.3.1-6], which no message of an edge node may be. It changes nothing.
    case cleared
    /// An NBIRTH without timestamp, seq and bdSeq, or a DBIRTH without timestamp and seq. It changes nothing.
    case notABirth = "not_a_birth"
    /// An NDEATH without timestamp and bdSeq, or a DDEATH that says nothing at all. It changes nothing.
    case notADeath = "not_a_death"
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
    /// An NDEATH that is not of the current birth's session. It is ignored, as a host must, unless its number is the next one.
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
    /// The node was asked for a birth and did not answer in time, or the plant's broker was away for too long: it counts as dead until it is
    /// heard again.
    case presumedDead = "presumed_dead"
}
