import DiodeProtocol

/// A card file, a seal card, a rotation, and the text forms that it is made of.
@c public func LLVMFuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    do throws(CardError) {
        let card = try LinkCard(parsing: input)
        precondition(Array(card.text.utf8) == input, "W-35")
    } catch {
        precondition(error.description.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "an error is shown on a terminal")
    }
    if let card = try? SealCard(parsing: input) { precondition(Array(card.text.utf8) == input, "W-46") }
    if let rotation = try? Rotation(decoding: input.span.bytes) { precondition(rotation.datagram == input, "W-50") }
    let isValid = UTF8Text.isValid(input.span.bytes)
    precondition(isValid == (String(validating: input, as: UTF8.self) != nil), "W-28")
    let text = String(decoding: input, as: UTF8.self)
    if let bytes = Base64.decode(text) { precondition(Array(Base64.encode(bytes).utf8) == input, "W-36") }
    if let time = CalendarTime.time(text) { precondition(Array(CalendarTime.text(time).utf8) == input, "W-35") }
    precondition(UTF8Text.cut(text, maximumBytes: 7).utf8.count <= 7, "a cut text fits")
    return 0
}
