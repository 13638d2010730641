//! A peer, and the proof that it does the job.

/// Whether a token allows the reference request. A passport goes by its number, since a request may belong to one.
type Check = Box<dyn Fn(&Passport, bool) -> bool>;

/// One way to check a passport.
pub struct Peer {
    pub name: &'static str,
    /// Its equivalents of the reference passport.
    pub passports: Vec<Passport>,
    /// Whether this one allows the reference request, or, with `false`, the same with a vendor that nobody named.
    pub check: Check,
}

/// A passport as a service gets it.
#[derive(Clone)]
pub struct Passport {
    pub number: usize,
    /// Empty where nothing is signed.
    pub token: String,
}

impl Peer {
    pub fn new(name: &'static str, tokens: Vec<String>, check: impl Fn(&Passport, bool) -> bool + 'static) -> Self {
        let passports = tokens.into_iter().enumerate().map(|(number, token)| Passport { number, token }).collect();
        Self { name, passports, check: Box::new(check) }
    }

    /// It allows what it has to allow, denies the wrong request, and refuses a token with one bit flipped, wherever.
    pub fn prove(&self) {
        let name = self.name;
        for passport in &self.passports {
            assert!((self.check)(passport, true), "{name} allows the reference request");
            assert!(!(self.check)(passport, false), "{name} denies a vendor that nobody named");
        }
        for flipped in self.passports.iter().take(1).flat_map(Passport::flipped) {
            assert!(!(self.check)(&flipped, true), "{name} refuses a flipped bit: {}", flipped.token);
        }
    }
}

impl Passport {
    /// The same with one bit of one character flipped, at places all over the token.
    fn flipped(&self) -> impl Iterator<Item = Self> {
        let flip = |place: usize| {
            let mut bytes = self.token.clone().into_bytes();
            bytes[place] ^= 1;
            Self { number: self.number, token: String::from_utf8(bytes).expect("ASCII") }
        };
        let places = (1..16).map(|part| self.token.len() * part / 16);
        places.filter(|place| *place < self.token.len()).map(flip)
    }
}
