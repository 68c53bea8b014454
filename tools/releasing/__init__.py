"""What a release is checked by: packages, fresh environments, other platforms, the bill of materials, licences."""
