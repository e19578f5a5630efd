@main
struct DiodeDemo {
    static func main() {}
}
