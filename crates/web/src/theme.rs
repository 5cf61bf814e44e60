//! The one colour a realm may choose. Everything that depends on it is computed so that text keeps its contrast (WCAG 2.2, 1.4.3).

/// An sRGB colour, written `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent([u8; 3]);

impl Accent {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// A stylesheet that gives the page this accent, in the light and in the dark scheme: the colour itself where it has contrast enough
    /// against the page, else the nearest darker or lighter one that has.
    pub fn stylesheet(self) -> String {
        let light = self.against([0xff, 0xff, 0xff], [0, 0, 0]);
        let dark = self.against([0x1b, 0x1d, 0x22], [0xff, 0xff, 0xff]);
        format!(
            ":root{{--accent:{};--accent-ink:{}}}\n@media (prefers-color-scheme:dark){{:root{{--accent:{};--accent-ink:{}}}}}\n",
            light.hex(),
            light.ink(),
            dark.hex(),
            dark.ink()
        )
    }

    /// This colour mixed with `towards` as little as gives 4.6:1 against `ground`.
    fn against(self, ground: [u8; 3], towards: [u8; 3]) -> Self {
        let mix = |step: u32| {
            let channel = |index: usize| {
                let (from, to) = (u32::from(self.0[index]), u32::from(towards[index]));
                u8::try_from((from * (20 - step) + to * step) / 20).unwrap_or(u8::MAX)
            };
            Self([channel(0), channel(1), channel(2)])
        };
        let enough = |colour: &Self| contrast(colour.0, ground) >= 4.6;
        (0..=20).map(mix).find(enough).unwrap_or(Self(towards))
    }

    /// Black or white, whichever reads better on this colour.
    fn ink(self) -> &'static str {
        let (white, black) = (contrast(self.0, [255; 3]), contrast(self.0, [0x11; 3]));
        if white >= black { "#ffffff" } else { "#111111" }
    }

    fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    let [red, green, blue] = colour;
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_a_six_digit_colour_is_read() {
        assert!(Accent::parse("#0a5fFF").is_some());
        for text in [
            "", "#fff", "red", "#12345g", "#1234567", "0a5fff", "#+12345",
        ] {
            assert_eq!(Accent::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_accent_keeps_contrast_in_both_schemes(colour: [u8; 3]) {
            let light = Accent(colour).against([0xff; 3], [0; 3]);
            let dark = Accent(colour).against([0x1b, 0x1d, 0x22], [0xff; 3]);
            prop_assert!(contrast(light.0, [0xff; 3]) >= 4.5);
            prop_assert!(contrast(dark.0, [0x1b, 0x1d, 0x22]) >= 4.5);
            let ink = |accent: Accent| Accent::parse(accent.ink()).unwrap();
            prop_assert!(contrast(light.0, ink(light).0) >= 4.5);
            prop_assert!(contrast(dark.0, ink(dark).0) >= 4.5);
        }
    }
}
