import Testing

@testable import SenderOT
@testable import SenderOTCore

@Suite struct DeadbandTests {
    @Test(
        "only a JSON number, with nothing but space around it, is a number",
        arguments: [
            ("0", 0.0), ("-0", 0), ("12", 12), ("-12.5", -12.5), ("1e3", 1_000), ("1.5E-2", 0.015), (" 7\r\n", 7),
            ("", nil), ("-", nil), ("01", nil), ("-01", nil), ("1.", nil), (".5", nil), ("1e", nil), ("+1", nil),
            ("0x10", nil), ("nan", nil), ("inf", nil), ("Infinity", nil), ("1e999", nil), ("1 2", nil), ("1,5", nil),
            ("true", nil), ("\"1\"", nil), ("{\"value\":1}", nil), (String(repeating: "9", count: 65), nil),
        ] as [(String, Double?)])
    func numbers(text: String, number: Double?) {
        #expect(Deadband(delta: 1).number(in: Array(text.utf8).span.bytes) == number)
    }

    @Test(
        "a field is a number of the object itself",
        arguments: [
            ("{\"value\":1.5,\"unit\":\"C\"}", 1.5), ("{\"t\":0,\"value\":-3}", -3), ("{\"value\":\"1\"}", nil),
            ("{\"other\":1}", nil), ("{\"a\":{\"value\":1}}", nil), ("1", nil), ("[1]", nil), ("{\"value\":1", nil),
            ("", nil), (String(repeating: "[", count: 5_000), nil),
        ] as [(String, Double?)])
    func fields(text: String, number: Double?) {
        #expect(Deadband(delta: 1, field: "value").number(in: Array(text.utf8).span.bytes) == number)
    }

    @Test(
        "a change below the deadband is hidden, one as large as it is not",
        arguments: [
            ("10", "10", true), ("10", "10.4", true), ("10", "9.6", true), ("10", "10.5", false), ("10", "9.5", false),
            ("10", "x", false), ("x", "10", false), ("-0.2", "0.2", true),
        ])
    func changes(last: String, new: String, isHidden: Bool) {
        let (last, new) = (Array(last.utf8), Array(new.utf8))
        #expect(Deadband(delta: 0.5).hides(new.span.bytes, after: last.span.bytes) == isHidden)
    }
}
