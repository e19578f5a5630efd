internal import MQTTProtocol

extension ConnectionSettings {
    /// Whether everything is within its documented range.
    func validate() throws(ConnectionError) {
        func demand(_ holds: Bool, _ fault: ConnectionError.SettingsFault) throws(ConnectionError) {
            guard holds else { throw .settings(fault) }
        }
        func isText(_ text: String) -> Bool {
            text.utf8.count <= 65_535 && UTF8Rules.isString(text.utf8.span.bytes)
        }
        try demand(isText(clientIdentifier), .clientIdentifier)
        try demand(cleanStart || !clientIdentifier.isEmpty || version == .v5, .clientIdentifierMissing)
        try demand(username.map(isText) ?? true, .username)
        try demand((password?.count ?? 0) <= 65_535, .password)
        try demand(password == nil || username != nil || version == .v5, .password)
        try demand(will?.isValid ?? true, .will)
        try demand(keepAlive >= .seconds(1) && keepAlive <= .seconds(65_535), .keepAlive)
        try demand(receiveMaximum > 0, .receiveMaximum)
        try demand((256...PacketHeader.largestPacketBytes).contains(keptPacketBytes), .keptPacketBytes)
        try demand((1...65_535).contains(publishWindow), .publishWindow)
        try demand(publishQueueMessages > 0 && publishQueueBytes >= 1_024, .publishQueue)
        try demand(
            connectTimeout > .zero && responseTimeout > .zero && acknowledgementTimeout > .zero
                && reconnectMinimum > .zero && reconnectMaximum >= reconnectMinimum, .timeouts)
        try demand((tls?.certificateFile == nil) == (tls?.keyFile == nil), .certificateWithoutKey)
    }
}
