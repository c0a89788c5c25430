"""What the platform asks over the broker, `…/req/{verb}`: read, limited, carried out, answered (contract, section 4)."""
