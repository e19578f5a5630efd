import Foundation
import JSON
import TestKit
import Testing

@Suite("JSON", .timeLimit(.minutes(1)))
struct JSONTests {
    @Test(
        "JSON5 is read as json5.org writes it",
        arguments: [
            ("{}", [:]), ("[]", []), (" null ", nil), ("true", true), ("\u{FEFF}false//x", false),
            ("{a:1,$b_2:'x',\"c d\":[1,2,],}", ["a": 1, "$b_2": "x", "c d": [1, 2]]),
            ("/* a */ { // b\n  a /* c */ : 1 }", ["a": 1]), ("0x1F", 31), ("-0x10", -16), ("+7", 7), ("-0", 0),
            (".5", .decimal(0.5)), ("5.", .decimal(5)), ("-1.5e-3", .decimal(-0.0015)), ("1e3", .decimal(1_000)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("999999999999999999", .integer(999_999_999_999_999_999)), ("[12/**/,-3.5,0]", [12, .decimal(-3.5), 0]),
            ("9223372036854775808", .decimal(9_223_372_036_854_775_808)),
            ("['a\"ä😀', \"'\"]", ["a\"ä😀", "'"]), ("'a\\'b\"\\x41\\u00e4\\n\\\r\n'", "a'b\"Aä\n"),
            ("\"\\uD83D\\uDE00\"", "😀"), ("\"\\q\\0\"", "q\0"),
        ] as [(String, JSONValue)])
    func reads(text: String, expected: JSONValue) throws {
        #expect(try JSON5Reader.value(of: Array(text.utf8)) == expected)
        #expect(try JSON5Reader.read(Array(text.utf8)).value == expected)
    }

    @Test(
        "what is no JSON5, or is a slip, is refused at its place",
        arguments: [
            ("", "1:1: the text ends where a value should stand"), ("{", "1:2: a name is missing here"),
            ("{a}", "1:3: a \":\" is missing after \"a\""), ("{a:}", "1:4: this is no value"),
            ("{a:1 b:2}", "1:6: a \",\" or \"}\" is missing here"), ("[1,,2]", "1:4: this is no value"),
            ("[1", "1:3: the text ends before its \"]\""),
            ("{\n  a: 1,\n  a: 2 }", "3:3: \"a\" stands twice in this object"),
            ("1 2", "1:3: something stands after the value"),
            ("yes", "1:1: \"yes\" is no value; a text stands in quotes"),
            ("'a\n'", "1:1: this text has no closing quote"), ("/* a", "1:1: this comment has no end"),
            ("NaN", "1:1: a number must be finite"), ("-Infinity", "1:1: \"-Infinity\" is no number"),
            ("01", "1:1: \"01\" is no number"), ("-01", "1:1: \"-01\" is no number"),
            ("['a", "1:2: this text has no closing quote"),
            ("1_0", "1:1: \"1_0\" is no number"), ("1e", "1:1: \"1e\" is no number"),
            ("0x", "1:1: \"0x\" is no number"),
            ("1.2.3", "1:1: \"1.2.3\" is no number"), ("1e999", "1:1: \"1e999\" is no number"),
            (".", "1:1: \".\" is no number"),
            ("0x+5", "1:1: \"0x+5\" is no number"), ("-", "1:1: \"-\" is no number"),
            ("'\\u12'", "1:6: 4 hexadecimal digits are missing here"), ("'\\1'", "1:4: an octal escape is not allowed"),
            ("'\\ud800'", "1:8: half of a surrogate pair"), ("'\\", "1:3: the text ends within an escape"),
            ("{+:1}", "1:2: a name is missing here"), ("10MB", "1:1: \"10MB\" is no number"),
        ])
    func refuses(text: String, expected: String) {
        var refusal: JSON5Error?
        do { _ = try JSON5Reader.read(Array(text.utf8)) } catch { refusal = error }
        #expect(refusal?.description == expected)
    }

    @Test("a name that stands twice is refused in an object of any size", arguments: [2, 15, 16, 17, 18, 100])
    func repeatedNames(count: Int) throws {
        let members = (1...count).map { "n\($0):\($0)" }
        #expect(try JSON5Reader.value(of: Array("{\(members.joined(separator: ","))}".utf8)).members?.count == count)
        for repeated in Set([1, 2, count / 2, count]).filter({ $0 > 0 }) {
            let text = "{\((members + ["'n\(repeated)':0"]).joined(separator: ","))}"
            #expect(throws: JSON5Error.self) { try JSON5Reader.value(of: Array(text.utf8)) }
        }
    }

    @Test("a text that is not UTF-8, too deep or too long a list is refused, without using up the stack")
    func bounds() {
        #expect(throws: JSON5Error.self) { try JSON5Reader.read([0x22, 0xFF, 0x22]) }
        #expect(throws: JSON5Error.self) { try JSON5Reader.read(Array(repeating: UInt8(ascii: "["), count: 1 << 20)) }
        #expect(throws: JSON5Error.self) {
            try JSON5Reader.read(Array("[\(String(repeating: "1,", count: JSON5Reader.maximumValues))]".utf8))
        }
    }

    @Test("every truncation and every flipped byte of a document is read or refused, never a trap")
    func mutations() {
        let text = Array("{ a: [1, -2.5e3, 'x\\u00e4', null], /* c */ \"b\": { $c: true, }, } // end".utf8)
        var read = 0
        for length in 0...text.count where (try? JSON5Reader.read(Array(text[..<length]))) != nil { read += 1 }
        for index in text.indices {
            for bit in 0..<8 {
                var damaged = text
                damaged[index] ^= 1 << UInt8(bit)
                if (try? JSON5Reader.read(damaged)) != nil { read += 1 }
            }
        }
        #expect(read > 0)
    }

    @Test("the shipped examples are read whole and refused at every truncation", arguments: ["send", "recv"])
    func truncations(name: String) throws {
        let path = Executable.projectRoot + "/deploy/examples/\(name).json5"
        let text = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let end = try #require(text.lastIndex(of: UInt8(ascii: "}")))
        #expect(throws: Never.self) { try JSON5Reader.value(of: text) }
        for length in 0...end {
            guard (try? JSON5Reader.value(of: Array(text[..<length]))) == nil else {
                Issue.record("\(length) bytes of \(name).json5 were read")
                return
            }
        }
    }

    @Test("a value is written as JSON that others read, on one line or on several")
    func writes() throws {
        let value: JSONValue = [
            "a": [1, .decimal(0.5), nil, true], "e": [:], "l": [], "text": "ä\"\\\n\u{1}\u{2028}",
            "n": .number(UInt64.max),
        ]
        let expected =
            "{\"a\":[1,0.5,null,true],\"e\":{},\"l\":[],\"text\":\"ä\\\"\\\\\\n\\u0001\\u2028\",\"n\":9223372036854775807}"
        #expect(value.line == expected)
        #expect(try JSON5Reader.value(of: Array(value.line.utf8)) == value)
        #expect(try JSON5Reader.value(of: Array(value.page.utf8)) == value)
        #expect(value.page.hasPrefix("{\n  \"a\": [\n    1,\n    0.5,"))
        let foundation = try JSONSerialization.jsonObject(with: Data(value.page.utf8)) as? [String: Any]
        #expect(foundation?["text"] as? String == "ä\"\\\n\u{1}\u{2028}")
    }
}
