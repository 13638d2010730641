//! A peer, and the proof that it does the job.

/// One way to check a passport.
pub struct Peer {
    pub name: &'static str,
    /// Its equivalent of the reference passport, as a service gets it; empty where nothing is signed.
    pub token: String,
    /// Whether this token allows the reference request, or, with `false`, the same with a vendor that nobody named.
    pub check: Box<dyn Fn(&str, bool) -> bool>,
}

impl Peer {
    pub fn new(name: &'static str, token: String, check: impl Fn(&str, bool) -> bool + 'static) -> Self {
        Self { name, token, check: Box::new(check) }
    }

    /// It allows what it has to allow, denies the wrong request, and refuses the token with one bit flipped, wherever.
    pub fn prove(&self) {
        let name = self.name;
        assert!((self.check)(&self.token, true), "{name} allows the reference request");
        assert!(!(self.check)(&self.token, false), "{name} denies a vendor that nobody named");
        for flipped in self.flipped() {
            assert!(!(self.check)(&flipped, true), "{name} refuses a flipped bit: {flipped}");
        }
    }

    /// The token with one bit of one character flipped, at places all over it.
    fn flipped(&self) -> Vec<String> {
        let places = (1..16).map(|part| self.token.len() * part / 16).filter(|place| *place < self.token.len());
        let flip = |place: usize| {
            let mut bytes = self.token.clone().into_bytes();
            bytes[place] ^= 1;
            String::from_utf8(bytes).expect("ASCII")
        };
        if self.token.is_empty() { Vec::new() } else { places.map(flip).collect() }
    }
}
